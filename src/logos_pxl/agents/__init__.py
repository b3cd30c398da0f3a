"""A server of the Model Context Protocol: software agents ask for verdicts, countermodels, explanations and checks.

Invariant: fails closed, as every door. An agent is told ``valid`` or ``invalid`` only with ``verified`` true, from an answer that the
client's types accepted; whatever goes wrong is a tool error in our words, never an answer.
"""
