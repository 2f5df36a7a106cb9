"""What can be learnt: a task for each kind of network.

The trainer knows no domain. What it learns is a task of this package:

1. The network: an `nn.Module` in `networks`, with a row of `architectures.ARCHITECTURES`, its kind
   in `card` and, in `torch_runtime`, what surrounds it in a run.
2. The recipe: a subclass of `optimisation.Recipe` in `training.recipes`, named in
   `AnyRecipe`, and a row of `RECIPES`.
3. The task: a module here, with a class that does what `export.ModelTask` says, and a row of
   `train.TASKS`. It makes batches and says what they cost; its `export` evaluates what runs use.

Then `digitbatch train --model NAME` trains it, stops and resumes it, and writes its folder.
"""
