/** Who may import whom: docs/architecture.md has the same table in words. `own` are folders (or files) of src/, `libraries` are packages. */
export interface ImportRule {
  readonly folder: string
  readonly own: readonly string[]
  readonly libraries: readonly string[]
}

const NO_IO = ['node:buffer']
const AWS = ['@aws-sdk/', '@smithy/']

export const IMPORT_RULES: readonly ImportRule[] = [
  { folder: 'lib', own: [], libraries: ['node:', '@opentelemetry/api', 'ipaddr.js'] },
  { folder: 'telemetry', own: ['lib'], libraries: ['node:', '@opentelemetry/', 'prom-client'] },
  { folder: 'media', own: ['lib'], libraries: NO_IO },
  { folder: 'domain', own: ['lib'], libraries: ['node:crypto'] },
  { folder: 'config', own: ['lib'], libraries: ['node:'] },
  { folder: 'kvs', own: ['domain', 'lib'], libraries: ['node:', 'cockatiel', 'dataloader', 'lru-cache', ...AWS] },
  {
    folder: 'delivery',
    own: ['domain', 'media', 'audit', 'auth', 'kvs/ports', 'lib'],
    libraries: ['node:', '@noble/', 'content-disposition', 'lru-cache'],
  },
  // What a stream holds: the rules of domain/ over the ports, and a look into one fragment. It keeps no bytes, so delivery/ is no place for it.
  { folder: 'footage', own: ['domain', 'media', 'kvs/ports', 'lib'], libraries: ['lru-cache'] },
  { folder: 'audit', own: ['lib'], libraries: ['node:'] },
  { folder: 'auth', own: ['domain', 'footage', 'kvs/ports', 'lib'], libraries: ['node:', 'jose', 'lru-cache'] },
  {
    folder: 'graphql',
    own: ['domain', 'delivery', 'footage', 'auth', 'kvs/ports', 'lib'],
    libraries: [
      'node:',
      'type-graphql',
      'reflect-metadata',
      'graphql',
      'graphql-query-complexity',
      'dataloader',
      'lru-cache',
      '@apollo/server',
    ],
  },
  {
    folder: 'http',
    own: ['graphql', 'delivery', 'auth', 'domain', 'lib'],
    libraries: [
      'node:',
      'fastify',
      '@fastify/',
      '@apollo/server',
      '@as-integrations/fastify',
      'graphql',
      'graphql-ws',
      'prom-client',
      'pino',
    ],
  },
  { folder: 'kvs-server', own: ['media', 'lib'], libraries: ['node:', 'fastify', 'lru-cache', 'prom-client', 'pino'] },
  {
    folder: 'gateway.ts',
    own: ['lib', 'config', 'domain', 'kvs', 'media', 'delivery', 'footage', 'audit', 'auth', 'graphql', 'http'],
    libraries: ['node:', 'fastify', 'pino'],
  },
  { folder: 'client', own: [], libraries: ['@graphql-typed-document-node/core', 'graphql'] },
  {
    folder: 'cli',
    own: [
      'config',
      'gateway.ts',
      'kvs/put-media-client',
      'kvs/kvs-target',
      'auth',
      'audit',
      'kvs-server/server',
      'kvs-server/demo',
      'media',
      'telemetry',
      'client',
      'lib',
    ],
    libraries: ['node:', 'commander', 'pino', 'pino-pretty'],
  },
]
