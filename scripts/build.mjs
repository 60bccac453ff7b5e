// Compiles src/ into dist/ when dist/ is not what the sources say. Several builds may run at once: each compiles into a folder of its
// own, and a whole folder takes the place of dist/, so that nobody ever loads half a build.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { cp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const DIST = join(ROOT, 'dist')
/** Builds run here. A build has the depth of dist/, because source maps name the sources by relative paths. */
const FRESH_PREFIX = '.dist-'
const STAMP = '.sources'
const ABANDONED_MS = 3_600_000

/** Builds when it must; resolves with whether it did. Rejects with BuildFailed after the compiler has said why. */
export async function build() {
  const sources = await listSources()
  const stamp = await hashOf(sources)
  if ((await readStamp(DIST)) === stamp) return false
  await sweep()
  const fresh = join(ROOT, `${FRESH_PREFIX}${randomUUID()}`)
  try {
    await compile(fresh)
    await copyAssets(sources, fresh)
    await writeFile(join(fresh, STAMP), stamp)
    await putInPlace(fresh, stamp)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return true
}

export class BuildFailed extends Error {
  name = 'BuildFailed'
}

/** Every file of src/ but the console's, which has its own bundler. */
async function listSources() {
  const entries = await readdir(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(join(ROOT, 'src', 'console')))
    .sort()
}

async function hashOf(sources) {
  const hash = createHash('sha256')
  const inputs = [...sources, join(ROOT, 'tsconfig.json'), join(ROOT, 'node_modules', 'typescript', 'package.json')]
  const texts = await Promise.all(inputs.map((file) => readFile(file)))
  texts.forEach((text, index) => {
    hash.update(`${inputs[index].slice(ROOT.length)} ${text.byteLength}\n`)
    hash.update(text)
  })
  return hash.digest('hex')
}

async function readStamp(folder) {
  return readFile(join(folder, STAMP), 'utf8').catch(() => null)
}

async function compile(outDir) {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const child = spawn(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.json'), '--outDir', outDir], { cwd: ROOT, stdio: 'inherit' })
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve))
  if (code !== 0) throw new BuildFailed('The sources do not compile.')
}

/** What is not TypeScript goes along as it is. */
async function copyAssets(sources, outDir) {
  const assets = sources.filter((file) => !file.endsWith('.ts'))
  await Promise.all(assets.map((file) => cp(file, join(outDir, file.slice(join(ROOT, 'src').length)), { recursive: true })))
}

/** A folder cannot replace one that is not empty, so the old one steps aside first. Another build may step in between: then look again. */
async function putInPlace(fresh, stamp) {
  for (;;) {
    if ((await readStamp(DIST)) === stamp) return
    const old = join(ROOT, `${FRESH_PREFIX}old-${randomUUID()}`)
    await rename(DIST, old).catch(ignore('ENOENT'))
    const isPlaced = await rename(fresh, DIST).then(() => true, ignore('ENOTEMPTY', 'EEXIST'))
    await rm(old, { recursive: true, force: true })
    if (isPlaced) return
  }
}

function ignore(...codes) {
  return (error) => {
    if (!codes.includes(error.code)) throw error
    return false
  }
}

/** Removes what killed builds have left behind. */
async function sweep() {
  for (const name of await readdir(ROOT)) {
    if (!name.startsWith(FRESH_PREFIX)) continue
    const folder = join(ROOT, name)
    const age = await stat(folder).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    )
    if (age > ABANDONED_MS) await rm(folder, { recursive: true, force: true })
  }
}

/** For a script's end: a failed build has said why already. */
export function reportBuildFailure(error) {
  if (!(error instanceof BuildFailed)) throw error
  console.error(error.message)
  process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build().catch(reportBuildFailure)
}
