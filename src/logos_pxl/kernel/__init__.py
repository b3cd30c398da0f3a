"""The Coq kernel in warm sessions: protocol, session, pool and identity. Knows goals and certificates only as bytes."""
