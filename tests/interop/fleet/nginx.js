// nginx as it is in production: with the very file of deploy/, in which nothing but the addresses is ours.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { freePort } from '../harness/ports.js'
import { Process, takesConnections } from './processes.js'

const TEMPLATE = new URL('../../../deploy/nginx.conf.template', import.meta.url)

export class Nginx {
  /** Takes turns between these nodes. */
  static async start (folder, nodes) {
    const own = join(folder, 'nginx')
    await mkdir(own)
    const port = await freePort()
    const settings = {
      MOIM_FRONT: `127.0.0.1:${port}`,
      MOIM_UPSTREAM: nodes.map(({ address }) => `server ${address} max_fails=2 fail_timeout=5s;`).join(' ')
    }
    const template = await readFile(TEMPLATE, 'utf8')
    const filled = template.replace(/\$\{(\w+)\}/g, (whole, name) => settings[name] ?? whole)
    await writeFile(join(own, 'moim.conf'), filled)
    await writeFile(join(own, 'nginx.conf'), main(own))
    const nginx = new Nginx()
    Object.assign(nginx, { http: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}/sync` })
    // SIGKILL would leave its workers behind.
    nginx.process = await Process.start(['nginx', '-p', own, '-c', join(own, 'nginx.conf'), '-e', 'stderr'], {
      log: join(own, 'log'),
      signal: 'TERM',
      // Debian has it where only root looks.
      env: { PATH: `${process.env.PATH}:/usr/sbin` }
    })
    await nginx.process.until('nginx answers', () => takesConnections(port))
    return nginx
  }

  async kill () {
    await this.process.kill()
  }
}

/** What the image has around the file. */
function main (own) {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${join(own, of)};`)
  return `
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${join(own, 'pid')};
events { worker_connections 1024; }
http {
  ${folders.join('\n  ')}
  include ${join(own, 'moim.conf')};
}
`
}
