"""Evaluation of a bundle through the shipped engine, on held-out voices and people. Without torch,
but for the naturalness metre, which is optional.

``starter`` runs the parts of the main board (``answers``, ``orders``, ``people``, ``outside``,
``phones``, ``listening``, ``interruptions``, ``two_agents``, ``agent_voice``); ``echo`` and
``robustness`` are boards of their own. All stand on ``models.script`` and ``models.speech``.
"""
