// nginx as Debian packages it, with one worker: as a file server (sendfile), and as a caching proxy before the embedded KVS, which it
// must be told to do for a POST.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const READY_WITHIN_MS = 5000

/** Serves `root` under /files/, and answers POST /getClip from its cache or from the KVS. */
export async function startNginx({ folder, root, kvsUrl }) {
  const port = await freePort()
  await mkdir(folder, { recursive: true })
  const config = join(folder, 'nginx.conf')
  await writeFile(config, toConfig({ folder, root, kvsUrl, port }))
  const child = spawn('nginx', ['-p', folder, '-c', config, '-e', join(folder, 'error.log')], { stdio: ['ignore', 'inherit', 'inherit'] })
  await untilListening(port)
  return new Nginx(child, `http://127.0.0.1:${port}`)
}

function toConfig({ folder, root, kvsUrl, port }) {
  const isRoot = process.getuid?.() === 0
  return `
${isRoot ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  types { video/mp4 mp4; }
  client_body_temp_path ${folder}/bodies;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=clips:10m max_size=10g use_temp_path=off;
  server {
    listen 127.0.0.1:${port};
    location /files/ { alias ${root}/; }
    location /getClip {
      proxy_pass ${kvsUrl};
      proxy_http_version 1.1;
      proxy_cache clips;
      proxy_cache_methods POST;
      proxy_cache_key "$request_uri $request_body";
      proxy_cache_valid 200 1d;
      proxy_cache_lock on;
      client_max_body_size 16k;
      client_body_buffer_size 16k;
    }
  }
}
`
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function untilListening(port) {
  const deadline = performance.now() + READY_WITHIN_MS
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isUp) return
    if (performance.now() > deadline) throw new Error('nginx does not listen')
    await sleep(20)
  }
}

class Nginx {
  #child

  constructor(child, url) {
    this.#child = child
    this.url = url
  }

  /** As of a measured process; the master does nothing meanwhile, the worker has one thread. */
  async spentOn(work) {
    const before = await this.#cpuSeconds()
    const began = performance.now()
    const result = await work()
    const ms = performance.now() - began
    return { ms, cpuSeconds: (await this.#cpuSeconds()) - before, result }
  }

  async [Symbol.asyncDispose]() {
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await ended
  }

  /** The first number of schedstat is nanoseconds on a CPU. */
  async #cpuSeconds() {
    const master = this.#child.pid
    const tasks = await readdir(`/proc/${master}/task`)
    const children = await Promise.all(tasks.map((task) => readFile(`/proc/${master}/task/${task}/children`, 'utf8')))
    const workers = children.join(' ').trim().split(/\s+/)
    const times = await Promise.all(workers.map((pid) => readFile(`/proc/${pid}/schedstat`, 'utf8')))
    return times.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e9
  }
}
