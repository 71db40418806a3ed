const wanted = process.env.PARAPET_TEST_POSTGRES ?? '';

/** null = PGlite; `own` = a cluster the tests start; else a server's URL. */
export const testEnv = { postgres: wanted === '' || wanted === '0' ? null : wanted === '1' ? 'own' : wanted } as const;
