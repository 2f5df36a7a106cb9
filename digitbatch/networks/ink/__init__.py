"""The ink map: what each pixel of a page is, by one small network over the whole page."""
