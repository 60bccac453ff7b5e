// `npm run dev`: serves, and serves anew whenever a source changes. A build that fails leaves the last good one running.
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { BuildFailed, build } from './build.mjs'

const ROOT = join(import.meta.dirname, '..')
const SETTLE_MS = 150

let server = null
let isOver = false
let timer = null
let turn = Promise.resolve()

async function restart() {
  const isNew = await build().catch((error) => {
    if (!(error instanceof BuildFailed)) throw error
    console.error(`${error.message} Waiting for a change.`)
    return null
  })
  if (isNew === null || isOver || (!isNew && server)) return
  await stop()
  if (isOver) return
  const args = ['--enable-source-maps', '--disable-warning=ExperimentalWarning', join(ROOT, 'dist', 'cli', 'main.js'), 'serve']
  const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' })
  server = child
  child.once('exit', () => {
    if (server === child) server = null
  })
}

async function stop() {
  const child = server
  if (!child) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

function schedule() {
  clearTimeout(timer)
  timer = setTimeout(() => {
    turn = turn.then(restart)
  }, SETTLE_MS)
}

const watcher = watch(join(ROOT, 'src'), { recursive: true }, schedule)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    isOver = true
    clearTimeout(timer)
    watcher.close()
    void stop()
  })
}
schedule()
