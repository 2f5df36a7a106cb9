"""From labelled digits to the folder of a model.

    train.py        `digitbatch train`: a run that can be stopped and resumed
    run_folder.py   what it keeps on the disk: log, checkpoint, first weights, the model
    recipes.py      how each network is trained, by its name
    tasks/          what is learnt, a module for each kind of network; how to add one stands there
    trainer.py      the loop, which knows no domain; optimisation.py: its steps
    data/           labelled digits, from whatever holds them
    synthesis/      crops and lines that are drawn beside them
    augmentation.py what scanners and hands do to a crop, on the device
    export.py       the ONNX graph, the check that both runtimes agree, the card
    evaluation/     how good a model is, and what shows it
    promotion.py    making a model the default for runs

Evaluation, promotion, data and synthesis load no PyTorch.
"""
