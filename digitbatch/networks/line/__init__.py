"""The line network: reads digits that touch without cutting them.

A small convolutional network with CTC (A. Graves et al., Connectionist Temporal Classification,
ICML 2006) reads a whole group of digits at once. It is what the search over cuts is not: sure where
digits lean on each other, less sure where they stand apart or are broken.

    for answer in load_networks().read_strips(inks):  # (height, width) uint8, light ink on black
        answer.best()                                 # the n-best texts, with their probability
        answer.best(count=(5, 5))                     # the same, knowing how many digits there are
        answer.score_of("3047")                       # log probability of a text found otherwise
        answer.spans("3047")                          # from where to where each digit reaches

`strips` normalises ink, `network` gives CTC posteriors, `prefix_search` and `ctc_decoding` decode
them, and `reader` has the answers.
"""
