SELECT median(i), quantile_cont(d, 0.3), stddev(f), string_agg(s, ',' ORDER BY i DESC), arg_max(s, i), mode(b), corr(i, f) FROM t
