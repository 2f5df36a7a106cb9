"""`digitbatch review`: a local page on which people verify what was read, and what it stands on.

Nothing here reads a digit. The journal says what was read, the log of corrections what is right;
both are files beside the output, and all else is made of them anew whenever the command starts.
"""
