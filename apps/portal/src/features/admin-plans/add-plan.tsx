'use client';

import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#components/button.tsx';
import { plans as text } from '#text/en/admin.ts';
import { PlanDialog } from './plan-dialog.tsx';

export function AddPlan() {
  const [open, setOpen] = useState(false);
  return (
    <PlanDialog
      open={open}
      onOpenChange={setOpen}
      trigger={
        <Button variant="primary">
          <Plus />
          {text.add}
        </Button>
      }
    />
  );
}
