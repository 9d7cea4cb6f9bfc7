SELECT count(*) FROM read_csv('x', columns = {'a': 'INT', b: 'TEXT'}, types = [{}])
