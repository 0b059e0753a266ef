"""The paper's figures and tables (arXiv 2409.15594), each by one command; docs/paper.md lists them.

Stands on the evaluation and the dialogues; knows no Qt.
"""
