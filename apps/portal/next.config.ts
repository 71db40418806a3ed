import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'standalone',
  outputFileTracingRoot: new URL('../..', import.meta.url).pathname,
  turbopack: { root: new URL('../..', import.meta.url).pathname },
  poweredByHeader: false,
  reactStrictMode: true,
  // `turbo run typecheck` is the one type check, with the workspace's compiler.
  typescript: { ignoreBuildErrors: true },
  images: { unoptimized: true },
  experimental: { optimizePackageImports: ['lucide-react', 'radix-ui'] },
  async headers() {
    return [
      {
        source: '/:path*',
        headers: [
          { key: 'x-content-type-options', value: 'nosniff' },
          { key: 'x-frame-options', value: 'DENY' },
          { key: 'referrer-policy', value: 'strict-origin-when-cross-origin' },
        ],
      },
    ];
  },
};

export default config;
