"""The harness behind scripts/bench. Bottom up: stats, weather, machine, measure, rounds, peers, records, table, compare, against."""
