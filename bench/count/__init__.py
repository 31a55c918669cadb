"""Counting what one operation costs: callgrind.py (instructions, atomics), lines.py (cache lines between cores), calls.py (system calls).

Each takes the difference of two run lengths, so that starting and stopping a node is not in it."""
