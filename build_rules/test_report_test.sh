#!/bin/sh
exec python3 -m unittest build_rules.test_report_test
