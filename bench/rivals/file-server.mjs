// What one would write oneself: a bare node:http server that pipes fs.createReadStream, spawns ffmpeg, or writes a body to files.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'

const READ_BYTES = 262_144
const SYNCED_BYTES = 2_000_000
const [folder] = process.argv.slice(2)

async function sendFile(path, request, response) {
  const { size } = await stat(path)
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  const [start, end] = range === null ? [0, size - 1] : [Number(range[1]), Number(range[2])]
  response.writeHead(range === null ? 200 : 206, {
    'content-type': 'video/mp4',
    'content-length': end - start + 1,
    ...(range === null ? {} : { 'content-range': `bytes ${start}-${end}/${size}` }),
  })
  createReadStream(path, { start, end, highWaterMark: READ_BYTES }).pipe(response)
}

/** Cuts nothing: its source is already what the clip holds. */
async function sendRemuxed(path, request, response) {
  const clip = join(folder, `${randomUUID()}.mp4`)
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-y', '-i', path, '-c', 'copy', '-movflags', '+faststart', clip], { stdio: 'ignore' })
  const [code] = await once(ffmpeg, 'close')
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`)
  response.once('close', () => rm(clip, { force: true }))
  await sendFile(clip, request, response)
}

/** Files of so many bytes one behind the other, each on the disk before the next begins. */
async function storeBody(request, response) {
  const paths = []
  let parts = []
  let bytes = 0
  const store = async () => {
    paths.push(await storeSynced(parts))
    parts = []
    bytes = 0
  }
  for await (const chunk of request) {
    parts.push(chunk)
    bytes += chunk.byteLength
    if (bytes >= SYNCED_BYTES) await store()
  }
  if (bytes > 0) await store()
  response.end()
  for (const path of paths) await rm(path)
}

async function storeSynced(parts) {
  const path = join(folder, randomUUID())
  await using file = await open(path, 'wx')
  await file.writev(parts)
  await file.datasync()
  return path
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://localhost')
  const [, action, name = ''] = pathname.split('/')
  const path = join(folder, name)
  if (action === 'files') return sendFile(path, request, response)
  if (action === 'remuxed') return sendRemuxed(path, request, response)
  return storeBody(request, response)
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error)
    response.destroy()
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
