// `npm start`: builds what is stale, then is `clipgate serve` (in this very process, so that signals and exit codes are its own).
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, reportBuildFailure } from './build.mjs'

// src/cli/main.ts says why so many. It says so too late here: libuv counts its threads at the first file that is read, and the build reads.
process.env.UV_THREADPOOL_SIZE ??= '8'

const main = join(import.meta.dirname, '..', 'dist', 'cli', 'main.js')
const isBuilt = await build().then(
  () => true,
  (error) => reportBuildFailure(error) ?? false,
)
if (isBuilt) {
  process.argv.splice(1, 1, main, 'serve')
  await import(pathToFileURL(main).href)
}
