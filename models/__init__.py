"""Training, export and evaluation: data, networks and boards. The only layer that knows torch.

The rooms, in the order of the recipe: ``script``, ``speech``, ``tokenizer``, ``vocoder``,
``dialogue``, ``language``, ``reader``, ``echo``, ``evaluate``; ``cli`` has the commands. It stands
on ``engine``, with which it shares the token format.
"""

import engine  # noqa: F401 - forbids network use and the like before dependencies are imported
