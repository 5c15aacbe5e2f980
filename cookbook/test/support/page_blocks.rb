# frozen_string_literal: true

# The files and commands of a documentation page: blocks of code whose first line is a comment that says where they belong,
# `# /a/path`, `# /a/path of HOST`, or `# HOST` for commands.
class PageBlocks
  Block = Struct.new(:place, :host, :text)

  def initialize(page)
    @blocks = IO.read(page).scan(/^```(?:ruby|json|sh)\n# (\S+)(?: of (\S+))?\n(.*?)^```$/m).map { |place, host, text| Block.new(place, host, text) }
  end

  # The files of a host: path => content.
  def files(host)
    @blocks.select { |block| block.place.start_with?('/') && [nil, host].include?(block.host) }.to_h { |block| [block.place, block.text] }
  end

  # The commands, in order: pairs of host and text.
  def commands
    @blocks.reject { |block| block.place.start_with?('/') }.map { |block| [block.place, block.text] }
  end
end
