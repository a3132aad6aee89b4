class TrainingArguments:
    process_index, world_size, push_to_hub, save_strategy = 0, 1, False, "steps"

    def __init__(self, output_dir="out", max_steps=30, save_steps=10, save_only_model=False,
                 save_total_limit=None):
        self.output_dir, self.max_steps, self.save_steps = output_dir, max_steps, save_steps
        self.save_only_model, self.save_total_limit = save_only_model, save_total_limit
        self.__post_init__()

    def __post_init__(self):
        pass
