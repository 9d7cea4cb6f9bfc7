SELECT s[1], s[-2:], s[:2], array_slice(s, i, -1), list_extract(s || 'é', i) FROM t
