"""Where units of work are executed: processes of this machine, or a cluster.

`base` has the protocol; training and measuring know nothing else.
"""
