import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { findPeer } from './peer-programs.js'

/** nginx from Debian, serving the files of a folder. Its own files are in `<folder>/.nginx`. */
export async function startNginx(folder: string, locations = ''): Promise<AsyncDisposable & { readonly url: string }> {
  const { path } = await findPeer('nginx')
  const own = join(folder, '.nginx')
  await mkdir(own, { recursive: true })
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${own}/${name};`).join('\n')
  await writeFile(
    join(own, 'nginx.conf'),
    `daemon off; master_process off; pid ${own}/pid; error_log ${own}/error.log;
events {}
http { ${temporary} access_log off; sendfile on; types { video/mp4 mp4; } server { listen 127.0.0.1:${port}; root ${folder}; ${locations} } }
`,
  )
  const program = spawn(path, ['-p', own, '-c', join(own, 'nginx.conf'), '-e', join(own, 'error.log')], { stdio: 'ignore' })
  const closed = new Promise((resolve) => program.once('close', resolve))
  while (!(await answers(port))) {
    if (program.exitCode !== null) throw new Error(`nginx ended with code ${program.exitCode}; ${own}/error.log says why`)
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      program.kill()
      await closed
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  await new Promise((closed) => server.close(closed))
  return typeof address === 'object' && address !== null ? address.port : 0
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => setTimeout(resolve, 20, false))
  })
}
