"""The web pages: the start page, the lists behind its figures, signing in."""
