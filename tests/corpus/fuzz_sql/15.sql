SELECT i, string_agg(DISTINCT s, '|' ORDER BY upper(s) DESC) FILTER (WHERE d > 0), mode(s ORDER BY f), any_value(day ORDER BY d) FROM t GROUP BY ALL ORDER BY ALL LIMIT 3
