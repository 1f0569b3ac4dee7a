#!/bin/sh
exec python3 -m unittest bench.run_test
