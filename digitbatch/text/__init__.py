"""What is written: segmentation hypotheses, decoding, rescoring."""
