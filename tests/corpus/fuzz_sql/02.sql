SELECT upper(s) || 'x', length(s), substring(s, 2, 3), s LIKE '%o%', regexp_replace(s, '(o)', '\1\1') FROM t
