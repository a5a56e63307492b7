/** How often an idle stream or subscription sends a sign of life. Proxies commonly cut connections idle for 60 s. */
export const keepAliveMs = 20_000;
