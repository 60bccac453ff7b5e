// Knip finds code that nothing uses. With --production it ignores the tests, so it finds what only tests use; an export that its own file
// uses is alive. Without, it counts the tests as users, and finds exports that only their own file uses.

/** @param {{ production?: boolean }} args */
export default ({ production = false }) => ({
  entry: [
    'src/index.ts!',
    'src/client/index.ts!',
    'src/cli/main.ts!',
    // Started as a child process.
    'src/kvs-server/archive/checkpoint-program.ts!',
    'scripts/*.mjs',
    'bench/run.mjs',
    'test/**/*.test.ts',
  ],
  project: ['src/**/*.ts!'],
  ignoreExportsUsedInFile: production,
})
