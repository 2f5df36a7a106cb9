"""How good a model is: measures, evaluations, and what shows them to the eye. Imports no torch."""
