// A real database server, `mongod` or what `scripts/setup` puts in its place, and the chaos proxy before it.

import { execFile, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { freePort } from '../harness/ports.js'
import { Process, takesConnections } from './processes.js'

const fromRoot = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const SUBSTITUTE = fromRoot('.tools/nx-27017/bin/nx-27017')
const CHAOS = process.env.CHAOS_BIN ?? fromRoot('target/debug/examples/chaos')

export class Database {
  static async start (folder) {
    const own = join(folder, 'database')
    await mkdir(join(own, 'data'), { recursive: true })
    const port = await freePort()
    const database = new Database()
    database.process = await Process.start(await command(own, port), { log: join(own, 'out') })
    await database.process.until('the database answers', () => takesConnections(port))
    await database.#putProxyBefore(port)
    return database
  }

  async #putProxyBefore (port) {
    // It ends with its input, that is with us.
    this.proxy = spawn(CHAOS, [`127.0.0.1:${port}`], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.answers = createInterface(this.proxy.stdout)[Symbol.asyncIterator]()
    this.address = await this.#heard()
  }

  get url () {
    return `mongodb://${this.address}/?directConnection=true`
  }

  /** `pass`, `delay MILLISECONDS`, `hang` or `cut`. */
  async is (mode) {
    this.proxy.stdin.write(`${mode}\n`)
    await this.#heard()
  }

  async #heard () {
    const { value, done } = await this.answers.next()
    if (done) throw new Error('the proxy before the database ended by itself')
    return value
  }

  async kill () {
    this.proxy.stdin.end()
    await this.process.kill()
  }
}

async function command (own, port) {
  const [data, log] = [join(own, 'data'), join(own, 'log')]
  const hasMongod = await promisify(execFile)('mongod', ['--version']).then(() => true, () => false)
  return hasMongod
    ? ['mongod', '--dbpath', data, '--logpath', log, '--bind_ip', '127.0.0.1', '--port', `${port}`]
    : [SUBSTITUTE, '--data-dir', data, '--log-file', log, '--pid-file', join(own, 'pid'), '--host', '127.0.0.1', '-p', `${port}`]
}
