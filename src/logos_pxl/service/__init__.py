"""HTTP: routes, bodies, answers, problems. Knows nothing of Coq."""
