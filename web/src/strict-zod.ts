/** zod tries `new Function` to be faster; the page's security policy refuses it and the browser reports each try. */
(globalThis as { __zod_globalConfig?: { jitless: boolean } }).__zod_globalConfig = { jitless: true };
