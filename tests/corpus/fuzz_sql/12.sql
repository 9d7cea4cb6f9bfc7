SELECT range, range % 7 FROM range(0, 100000, 3) WHERE range % 2 = 0 ORDER BY 2, 1 DESC LIMIT 5 OFFSET 10
