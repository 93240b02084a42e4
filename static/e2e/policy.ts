// What a page does against its content security policy, as the browser tells it.

import type { Page } from '@playwright/test'

/** Everything that the policy forbade on this page from now on, as the browser tells it. */
export async function watchPolicy(page: Page): Promise<() => Promise<string[]>> {
  const told: string[] = []
  await page.exposeFunction('policyViolated', (what: string) => told.push(what))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const { effectiveDirective, blockedURI, sourceFile, lineNumber } = event
      const tell = (window as unknown as { policyViolated: (what: string) => void }).policyViolated
      tell(`${effectiveDirective}: ${blockedURI} at ${sourceFile}:${lineNumber}`)
    })
  })
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) told.push(message.text())
  })
  return async () => {
    // What is told by now has arrived when the page answers.
    await page.evaluate(() => 0)
    return told
  }
}
