import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { findPeer } from './peer-programs.js'

export interface Nginx extends AsyncDisposable {
  readonly url: string
}

/** nginx from Debian, serving the files of a folder. */
export async function startNginx(folder: string, locations = ''): Promise<Nginx> {
  const port = await freePort()
  const server = `types { video/mp4 mp4; } server { listen 127.0.0.1:${port}; root ${folder}; ${locations} }`
  return startConfiguredNginx(folder, { port, http: `access_log off; sendfile on; ${server}` })
}

/** nginx with these lines of its `http` block. Its own files are in `<folder>/.nginx`. */
export async function startConfiguredNginx(
  folder: string,
  { port, http }: { readonly port: number; readonly http: string },
): Promise<Nginx> {
  const { path } = await findPeer('nginx')
  const own = join(folder, '.nginx')
  await mkdir(own, { recursive: true })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${own}/${name};`).join('\n')
  await writeFile(
    join(own, 'nginx.conf'),
    `daemon off; master_process off; pid ${own}/pid; error_log ${own}/error.log;
events {}
http { ${temporary} ${http} }
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
