SELECT CASE WHEN i = 1 THEN d ELSE f END, coalesce(i, 7), nullif(i, 1), i BETWEEN 1 AND 5, i IN (1, 2, NULL) FROM t
