"""pipeline.yaml: the validated plan of a run, where it lies, and what is wrong in it."""

from digitbatch.config.model import Config, Review, Table, Template, Zone, packaged_stages

__all__ = ["Config", "Review", "Table", "Template", "Zone", "packaged_stages"]
