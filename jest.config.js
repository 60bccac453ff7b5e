/** @type {import('jest').Config} */
const shared = {
  extensionsToTreatAsEsm: ['.ts'],
  // Sources name their imports as they are once compiled (x.js); tests run the sources themselves.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: false, useDefineForClassFields: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testEnvironment: 'node',
  // No log of the run may contain a secret.
  globalSetup: '<rootDir>/test/support/suite-logs-setup.mjs',
  globalTeardown: '<rootDir>/test/support/suite-logs-teardown.mjs',
}

// `npm test` runs what needs nothing beyond npm's packages; `npm run test:peers` runs test/peers against other people's programs.
export default process.env.CLIPGATE_PEERS
  ? { ...shared, testMatch: ['<rootDir>/test/peers/**/*.test.ts'], testTimeout: 120_000, maxWorkers: 1 }
  : {
      ...shared,
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/peers/'],
      testTimeout: 240_000,
      maxWorkers: 2,
    }
