# SPDX-License-Identifier: Apache-2.0
"""Ports of loopback for tests that run beside each other."""
import collections, socket

_KEPT = collections.deque(maxlen=64)  # more than a test has at a time


def free_port():
    """Nobody else gets it for a while: it stays bound, which whoever listens on it with SO_REUSEADDR does not mind."""
    kept = socket.socket()
    kept.bind(("127.0.0.1", 0))  # without the option, or it might be one that another test keeps
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _KEPT.append(kept)
    return kept.getsockname()[1]
