export { DELETE, GET, PATCH, POST, PUT } from '#lib/gateway-proxy.ts';

export const dynamic = 'force-dynamic';
