import {
  Activity,
  BookOpenCheck,
  Boxes,
  Building2,
  ChartColumn,
  Cpu,
  Database,
  FileText,
  HeartPulse,
  House,
  KeyRound,
  Layers,
  ListOrdered,
  type LucideIcon,
  MessageSquare,
  Receipt,
  ScrollText,
  Settings,
  SlidersHorizontal,
  Users,
  Webhook,
} from 'lucide-react';
import { shell } from '#text/en/shell.ts';

export type NavigationItem = { href: string; label: string; icon: LucideIcon };
export type NavigationGroup = { label: string | null; items: readonly NavigationItem[] };

const { groups, pages } = shell;

export const customerNavigation: readonly NavigationGroup[] = [
  { label: null, items: [{ href: '/', label: pages.start, icon: House }] },
  {
    label: groups.build,
    items: [
      { href: '/datasets', label: pages.datasets, icon: Database },
      { href: '/fine-tuning', label: pages.fineTuning, icon: Activity },
      { href: '/adapters', label: pages.adapters, icon: Layers },
      { href: '/playground', label: pages.playground, icon: MessageSquare },
    ],
  },
  {
    label: groups.operate,
    items: [
      { href: '/keys', label: pages.keys, icon: KeyRound },
      { href: '/usage', label: pages.usage, icon: ChartColumn },
      { href: '/statements', label: pages.statements, icon: Receipt },
      { href: '/webhooks', label: pages.webhooks, icon: Webhook },
    ],
  },
  {
    label: groups.organisation,
    items: [
      { href: '/team', label: pages.team, icon: Users },
      { href: '/audit', label: pages.audit, icon: ScrollText },
      { href: '/settings', label: pages.settings, icon: Settings },
    ],
  },
];

export const adminNavigation: readonly NavigationGroup[] = [
  {
    label: groups.platform,
    items: [
      { href: '/admin/tenants', label: pages.tenants, icon: Building2 },
      { href: '/admin/plans', label: pages.plans, icon: SlidersHorizontal },
      { href: '/admin/base-models', label: pages.baseModels, icon: Boxes },
    ],
  },
  {
    label: groups.watch,
    items: [
      { href: '/admin/fleet', label: pages.fleet, icon: Cpu },
      { href: '/admin/jobs', label: pages.jobs, icon: ListOrdered },
      { href: '/admin/health', label: pages.health, icon: HeartPulse },
      { href: '/admin/audit', label: pages.audit, icon: ScrollText },
    ],
  },
  {
    label: groups.money,
    items: [
      { href: '/admin/usage', label: pages.adminUsage, icon: FileText },
      { href: '/admin/ledger', label: pages.ledger, icon: BookOpenCheck },
    ],
  },
];
