import { existsSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';

/** Where Chromium is installed: it brings SwiftShader, a Vulkan device on the processor, and the Vulkan loader. */
const chromiumFolders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

/**
 * Makes this process see a Vulkan device that computes on the processor: slow, but right. Call it before the first adapter
 * is asked for. Returns why there is none, or null.
 */
export function useSoftwareVulkan(): string | null {
  const folder = chromiumFolders.find((one) => existsSync(join(one, 'vk_swiftshader_icd.json')));
  if (folder === undefined) return 'no Chromium, whose SwiftShader these tests run on, is installed';
  process.env.VK_DRIVER_FILES = join(folder, 'vk_swiftshader_icd.json');
  process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES; // its name in older loaders
  const loader = join(folder, 'libvulkan.so.1');
  try {
    if (existsSync(loader)) koffi.load(loader); // Dawn opens it by name, and finds this one
  } catch (error) {
    return (error as Error).message;
  }
  return null;
}
