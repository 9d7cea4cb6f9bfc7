SELECT INTERVAL '1 month 3 days' * f, INTERVAL '7 hours' / d, 1::HUGEINT << i, day + TIME '10:00' FROM t
