"""Evaluation of a bundle through the shipped engine, on held-out voices and people. Without torch.

``starter`` runs the parts of the main board (``answers``, ``orders``, ``listening``,
``interruptions``, ``two_agents``, ``agent_voice``); ``echo`` and ``robustness`` are boards of their
own. All stand on ``models.script`` and ``models.speech``.
"""
