"""What an operator looks at by week and month: performance, security, capacity; as reports, on the terminal and as documents."""
