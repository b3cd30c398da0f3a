"""A server of the Model Context Protocol: software agents ask for verdicts, countermodels, explanations and checks.

Invariant: the server fails closed. An agent gets ``valid`` or ``invalid`` only with ``verified`` true, from an answer that the client's
types accepted. Every failure is a tool error with a message, never an answer.
"""
